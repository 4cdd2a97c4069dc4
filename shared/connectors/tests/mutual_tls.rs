//! A server that asks its callers for a certificate is shown the register's own, and nobody else's.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::sync::Arc;

use bytes::Bytes;
use connectors::client::{Limits, ReqwestHttp, parse_roots};
use connectors::http::{Http, HttpError, Identity, Request};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const CA: &[u8] = include_bytes!("tls/ca.pem");
const CLIENT: &str = include_str!("tls/client.pem");
const CLIENT_KEY: &str = include_str!("tls/client.key.pem");

/// A server that lets in who shows a certificate of the test authority; and its address.
async fn server() -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CA).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("https://localhost:{port}/api/v2/documents/")
}

fn request(url: &str, partner_given: bool) -> Request {
    Request { method: http::Method::GET, url: url.to_owned(), headers: Vec::new(), body: Bytes::new(), partner_given }
}

#[tokio::test]
async fn a_certificate_is_shown_where_it_is_asked_for() {
    let url = server().await;
    let http = ReqwestHttp::new(true, parse_roots(CA).unwrap(), Limits::STANDARD);
    let identity = Identity::new(CLIENT, CLIENT_KEY);
    for _ in 0..2 {
        assert_eq!(http.send_as(request(&url, false), &identity).await.unwrap().status, 202);
    }
    // Without it, nobody is let in: the certificate belongs to its own requests and no others.
    http.send(request(&url, false)).await.unwrap_err();
    // A certificate of somebody else's.
    let server = Identity::new(include_str!("tls/server.pem"), include_str!("tls/server.key.pem"));
    http.send_as(request(&url, false), &server).await.unwrap_err();
}

#[tokio::test]
async fn what_can_not_be_shown_is_not_sent() {
    let http = ReqwestHttp::new(true, Vec::new(), Limits::STANDARD);
    for (certificate, key) in
        [("", CLIENT_KEY), (CLIENT, ""), ("none", "none"), (CLIENT, include_str!("tls/server.key.pem"))]
    {
        let refused = http.send_as(request("https://localhost:1/", false), &Identity::new(certificate, key)).await;
        assert!(matches!(refused, Err(HttpError::NotSent(_))), "{refused:?}");
    }
    let identity = Identity::new(CLIENT, CLIENT_KEY);
    let refused = http.send_as(request("https://localhost:1/", true), &identity).await;
    assert!(matches!(refused, Err(HttpError::NotSent(text)) if text.contains("identity")));
}
