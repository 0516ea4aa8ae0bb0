"""Results as pages: Markdown for tickets, HTML for everybody."""
