//! HQ's own certificate authority: made at first start, kept beside the database, and the only one that
//! phones trust (they get it at enrolment). Server certificates are made afresh at every start.

use std::{path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::{error::HqError, files};

fn failed(e: impl std::fmt::Display) -> HqError {
    HqError::Config(format!("证书 / certificate: {e}"))
}

/// The authority's parameters: fixed, so that a restart issues under the same name.
fn authority() -> Result<CertificateParams, HqError> {
    let mut ca = CertificateParams::new(Vec::new()).map_err(failed)?;
    ca.distinguished_name.push(DnType::CommonName, "e-Zhifa HQ");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.not_before = date_time_ymd(2025, 1, 1);
    ca.not_after = date_time_ymd(2055, 1, 1);
    Ok(ca)
}

/// The authority's certificate as PEM, made when `dir` has none.
///
/// # Errors
/// The key or certificate cannot be made, read or written.
pub fn ca_pem(dir: &Path) -> Result<String, HqError> {
    let (key_file, cert_file) = (dir.join("ca.key"), dir.join("ca.pem"));
    if let Some(pem) = files::read_text(&cert_file)? {
        return Ok(pem);
    }
    let key = KeyPair::generate().map_err(failed)?;
    let pem = authority()?.self_signed(&key).map_err(failed)?.pem();
    files::write_secret(&key_file, key.serialize_pem().as_bytes())?;
    files::write_secret(&cert_file, pem.as_bytes())?;
    Ok(pem)
}

/// A server configuration for these names.
///
/// # Errors
/// The authority is missing or a name is not one.
pub fn server(dir: &Path, names: &[String]) -> Result<Arc<rustls::ServerConfig>, HqError> {
    ca_pem(dir)?;
    let ca_key = files::read_text(&dir.join("ca.key"))?.ok_or_else(|| failed("ca.key"))?;
    let issuer = Issuer::new(authority()?, KeyPair::from_pem(&ca_key).map_err(failed)?);
    let mut leaf = CertificateParams::new(names.to_vec()).map_err(failed)?;
    leaf.distinguished_name.push(DnType::CommonName, "e-Zhifa HQ server");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    leaf.not_before = date_time_ymd(2025, 1, 1);
    leaf.not_after = date_time_ymd(2055, 1, 1);
    let key = KeyPair::generate().map_err(failed)?;
    let cert = leaf.signed_by(&key, &issuer).map_err(failed)?;
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).map_err(failed)?;
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
