"""What kinds of workloads share."""
