"""What `invoke` finds in a checkout: the commands of the program `modpkg`, and nothing else."""

import sys

from modpkg.cli.program import command_collection, run_if_respelled

run_if_respelled(sys.argv[1:], binary="invoke")
ns = command_collection(sys.argv[1:])
