"""A folder on an SFTP server, as the configuration names one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from sightline.section import Section


class SftpFolder(Section):
    """A folder on an SFTP server. The server's key has to be named: nobody else is trusted."""

    url: Annotated[str, StringConstraints(pattern=r"^(sftp://[^\s@/:]+@[^\s@/]+(:\d+)?/\S+)?$")] = Field(
        "", description="The folder, such as `sftp://sightline@emr.example.org/folder`. Empty: none."
    )
    host_key: str = Field(
        "",
        description="The server's public key, as in `known_hosts`: `ssh-ed25519 AAAA…`. Required with `Url`; a server "
        "that shows another one is not talked to.",
    )
    password_file: str = Field("", description="File that holds the password. Either this or `KeyFile`.")
    key_file: str = Field("", description="File of the private key to log in with.")

    @model_validator(mode="after")
    def _is_whole(self) -> SftpFolder:
        """Refuse to trust a server blindly, and to try without credentials."""
        if self.url and not self.host_key:
            raise ValueError('"Url" needs "HostKey": see `ssh-keyscan`, and compare it on the server')
        if self.url and bool(self.password_file) == bool(self.key_file):
            raise ValueError('"Url" needs one of "PasswordFile" and "KeyFile"')
        return self
