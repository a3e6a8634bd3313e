"""What was measured, declared before the data arrive: instruments and studies."""
