"""The decision's figures, side by side with peers that live in an environment of their own."""
