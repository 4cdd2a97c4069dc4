//! The double of T-Bank (EACQ), spoken to by the platform's own connector.
