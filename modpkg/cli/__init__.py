"""The command line front end: no workflow."""
