//! `X-Signature`: base64 of RSA, PKCS#1 v1.5, SHA-256 over the raw body (manual, 1.2.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

/// A key that signs.
#[derive(Debug)]
pub struct Key(RsaKeyPair);

/// A key can not be read, or can not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing key is neither PEM nor the vendor's XML, or not of RSA with 2048 bits and more")]
pub struct KeyError;

impl Key {
    /// Reads PEM (`PRIVATE KEY`, `RSA PRIVATE KEY`) or the XML of the vendor's generator (`RSAKeyValue`, 1.3).
    ///
    /// # Errors
    /// Neither.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.starts_with('<') {
            return Self::of_xml(text);
        }
        let key = match PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError)? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(KeyError),
        };
        key.map(Self).map_err(|_| KeyError)
    }

    fn of_xml(text: &str) -> Result<Self, KeyError> {
        let part = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>")).ok_or(KeyError)?;
            let (value, _) = rest.split_once(&format!("</{name}>")).ok_or(KeyError)?;
            STANDARD.decode(value.trim()).map_err(|_| KeyError)
        };
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: part("Modulus")?, e: part("Exponent")? },
            d: part("D")?,
            p: part("P")?,
            q: part("Q")?,
            dP: part("DP")?,
            dQ: part("DQ")?,
            qInv: part("InverseQ")?,
        };
        RsaKeyPair::from_components(&components).map(Self).map_err(|_| KeyError)
    }

    /// The header's value for a body.
    ///
    /// # Errors
    /// The system has no randomness to blind the computation with; the signature itself has none in it.
    pub fn sign(&self, body: &[u8]) -> Result<String, KeyError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let blinding = ring::rand::SystemRandom::new();
        self.0.sign(&RSA_PKCS1_SHA256, &blinding, body, &mut signature).map_err(|_| KeyError)?;
        Ok(STANDARD.encode(signature))
    }

    /// Whether a body as it was received carries this key's signature.
    pub fn verifies(&self, body: &[u8], signature: &str) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref());
        STANDARD.decode(signature.trim()).is_ok_and(|signature| public.verify(body, &signature).is_ok())
    }
}
