"""What `invoke` finds in a checkout: the commands of the program `modpkg`, and nothing else."""

from modpkg.cli.program import command_collection

ns = command_collection()
