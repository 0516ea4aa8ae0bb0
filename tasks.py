"""What `invoke` finds in a checkout: the commands of the program `modpkg`, and nothing else."""

import sys

from modpkg.cli.program import answer_help, command_collection

answer_help(sys.argv[1:], binary="invoke")
ns = command_collection(sys.argv[1:])
