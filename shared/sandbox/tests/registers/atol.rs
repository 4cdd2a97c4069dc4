//! The doubles of АТОЛ Онлайн v4 and v5 and of the dialect of v4 that Бизнес.Ру Чеки speaks.
