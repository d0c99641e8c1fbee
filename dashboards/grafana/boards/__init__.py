"""What the dashboards show; generate.py writes them."""
