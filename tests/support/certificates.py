"""A certificate authority for tests, and names under ``.test`` that lead to this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """Files: the authority's certificate, and certificate and key of a server with some names."""

    authority: str
    certificate: str
    key: str


def make_certificate(folder: Path, names: Sequence[str]) -> Certificate:
    """Make an authority and have it sign one certificate for these names."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _builder("Sightline test authority", "Sightline test authority", root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(_usage(signs_certificates=True), critical=True)
    own = _builder(names[0], "Sightline test authority", key.public_key())
    own = own.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    own = own.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
    root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
    files = Certificate(*(str(folder / name) for name in ("authority.pem", "certificate.pem", "key.pem")))
    encoding = serialization.Encoding.PEM
    Path(files.authority).write_bytes(root.sign(root_key, hashes.SHA256()).public_bytes(encoding))
    Path(files.certificate).write_bytes(own.sign(root_key, hashes.SHA256()).public_bytes(encoding))
    Path(files.key).write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@contextmanager
def local_names() -> Iterator[None]:
    """Let every name under ``.test`` mean this machine, for this process."""
    usual = socket.getaddrinfo

    def local(host: Any, *arguments: Any, **more: Any) -> Any:
        return usual("127.0.0.1" if isinstance(host, str) and host.endswith(".test") else host, *arguments, **more)

    socket.getaddrinfo = local  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = usual


def _builder(subject: str, issuer: str, key: Any) -> x509.CertificateBuilder:
    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
