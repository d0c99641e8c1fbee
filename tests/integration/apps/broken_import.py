"""Cannot be imported."""

raise ZeroDivisionError("broken while imported")
