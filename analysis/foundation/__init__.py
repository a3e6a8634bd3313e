"""What every room stands on: errors, results and findings."""
