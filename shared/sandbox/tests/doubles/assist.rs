//! The double of Assist, spoken to by the platform's own connector.
