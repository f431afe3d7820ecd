//! Seals: hashes, the chain, signatures behind a provider trait, the slip code.
