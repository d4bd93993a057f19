"""What other people add to seatrial, one module an extension point."""
