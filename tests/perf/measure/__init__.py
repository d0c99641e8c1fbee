"""What every bench needs: processes, contenders, load, books, rounds, reports."""
