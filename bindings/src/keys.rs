//! The platform's keystore, as the app hands it in, in the shape that the phone asks for.

use std::sync::Arc;

use ezhifa_field::{
    keys::{DatabaseKey, KeyStore},
    store::StoreError,
    wire::seal::{
        SealError,
        sign::{Algorithm, PublicKey, Signature, Signer},
    },
};
use zeroize::Zeroizing;

use crate::PhoneError;

/// The app's keys: Android Keystore, or Keychain and Secure Enclave. Called with no lock held.
#[uniffi::export(foreign)]
pub trait PhoneKeys: Send + Sync {
    /// The 32 random bytes that open the database, made on the first call and kept wrapped by the
    /// keystore. Do not bind them to biometric enrolment: losing them loses evidence.
    ///
    /// # Errors
    /// While the phone is locked.
    fn database_key(&self) -> Result<Vec<u8>, PhoneError>;

    /// The device key's public half: P-256, SEC1 (65 bytes, or 33 compressed), always in the same form.
    ///
    /// # Errors
    /// The keystore refuses.
    fn device_public_key(&self) -> Result<Vec<u8>, PhoneError>;

    /// Signs with the device key, which never leaves the keystore: ECDSA with SHA-256, in DER, as
    /// `SHA256withECDSA` and `ecdsaSignatureMessageX962SHA256` give it.
    ///
    /// # Errors
    /// The keystore refuses.
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PhoneError>;
}

pub(crate) struct DatabaseKeys(pub(crate) Arc<dyn PhoneKeys>);

impl KeyStore for DatabaseKeys {
    fn database_key(&self) -> Result<DatabaseKey, StoreError> {
        let unavailable = |reason: String| StoreError::KeyUnavailable { reason };
        let bytes = Zeroizing::new(self.0.database_key().map_err(|e| unavailable(e.to_string()))?);
        let key = bytes.as_slice().try_into().map_err(|_| unavailable("!= 32 bytes".to_owned()))?;
        Ok(DatabaseKey(key))
    }
}

pub(crate) struct DeviceKey {
    keys: Arc<dyn PhoneKeys>,
    public: PublicKey,
}

impl DeviceKey {
    pub(crate) fn new(keys: Arc<dyn PhoneKeys>) -> Result<DeviceKey, PhoneError> {
        let public = PublicKey { alg: Algorithm::P256Sha256, bytes: keys.device_public_key()? };
        Ok(DeviceKey { keys, public })
    }
}

impl Signer for DeviceKey {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SealError> {
        let der =
            self.keys.sign(message.to_vec()).map_err(|e| SealError::Unavailable { reason: e.to_string() })?;
        Signature::from_der(&self.public, &der)
    }
}
