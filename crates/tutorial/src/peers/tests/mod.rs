//! The whole way, with peers that misbehave.
