"""Content-addressed artifacts and the records of finished builds."""
