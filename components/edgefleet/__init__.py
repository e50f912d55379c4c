"""edgefleet: an edge fleet as code."""
