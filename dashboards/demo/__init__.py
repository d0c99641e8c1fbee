"""./dev demo: everything that is to be seen, started together. See docs/dashboards.md."""
