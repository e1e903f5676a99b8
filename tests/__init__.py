"""What crosses the parts of Buoy, and what tests them with a real kernel."""
