"""How often the judge errs, and how soon it sees harm, on simulated streams."""
