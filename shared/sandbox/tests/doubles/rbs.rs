//! The double of the gateway of BPC (Sberbank, Alfa-Bank and others), spoken to by the platform's own connector.
