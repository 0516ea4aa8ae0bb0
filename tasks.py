"""What `invoke` finds in a checkout: the commands of the program `modpkg`, and nothing else."""

import sys

# Invoke keeps Python from writing byte code: what is loaded from here on would be compiled anew each time.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)

from modpkg.cli.program import command_collection  # noqa: E402

ns = command_collection(sys.argv[1:])
