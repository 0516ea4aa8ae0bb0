"""What `invoke` finds in a checkout: the commands of the program `modpkg`, and nothing else."""

import gc
import sys

# What is loaded stays: to look through it again and again takes a tenth of a start.
gc.set_threshold(50_000)
# Invoke keeps Python from writing byte code: what is loaded from here on would be compiled anew each time.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)

from modpkg.cli.program import command_collection, run_if_respelled  # noqa: E402

run_if_respelled(sys.argv[1:], binary="invoke")
ns = command_collection(sys.argv[1:])
