//! What an officer can ask of a case.
