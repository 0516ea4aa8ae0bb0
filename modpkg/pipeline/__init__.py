"""Use cases: plan, then execute."""
