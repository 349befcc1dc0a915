"""Pictures found again from what a layer kept of them (arXiv 1412.0035)."""
