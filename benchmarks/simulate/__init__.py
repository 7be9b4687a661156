"""Speed, memory and linearity of the simulator."""
