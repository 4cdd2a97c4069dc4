//! The double of a stationary register.
