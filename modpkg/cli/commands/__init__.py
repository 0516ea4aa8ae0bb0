"""The commands, by what they are about. Each loads the workflow that it calls when it is called."""
