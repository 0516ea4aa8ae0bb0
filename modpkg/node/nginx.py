"""The configuration of nginx on the head: images, scripts of iPXE, what nodes are told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.cluster import Cluster

TEMPLATE: Final = """\
# The head of the cluster {name}. Made by: modpkg head
daemon off;
{user}worker_processes auto;
pid {root}/run/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {root}/run/body;
    proxy_temp_path {root}/run/proxy;
    fastcgi_temp_path {root}/run/fastcgi;
    uwsgi_temp_path {root}/run/uwsgi;
    scgi_temp_path {root}/run/scgi;
    default_type application/octet-stream;
    server {{
        listen {address}:{port};
        # What a node began with stays: an image of another content has another name.
        location /images/ {{
            alias {root}/images/;
            add_header Cache-Control "public, max-age=31536000, immutable";
        }}
        location /uki/ {{
            alias {root}/uki/;
            add_header Cache-Control "public, max-age=31536000, immutable";
        }}
        location /boot/ {{
            root {root}/current;
            default_type text/plain;
            add_header Cache-Control no-cache;
            try_files $uri /boot/unknown.ipxe =404;
        }}
        location ~ ^/(disks|node|settings|tftp)/ {{
            root {root}/current;
            add_header Cache-Control no-cache;
        }}
        # The key of the node that asks, by its address: no node gets another's.
        location = /host-keys {{
            alias {root}/current/host-keys/$remote_addr;
            add_header Cache-Control no-store;
        }}
        # Reports of nodes, to the receiver of `modpkg head --serve`; it looks at what is in them.
        location /event/ {{
            limit_except POST {{ deny all; }}
            client_max_body_size 64k;
            client_body_buffer_size 64k;
            proxy_pass http://unix:{root}/run/events.sock;
            proxy_connect_timeout 5s;
            proxy_read_timeout 10s;
        }}
        # A node asks for the one use of its grant to wipe disks, of `modpkg head --serve`.
        location /grant/ {{
            limit_except POST {{ deny all; }}
            client_max_body_size 1k;
            proxy_pass http://unix:{root}/run/grants.sock;
        }}
        location / {{ return 404; }}
    }}
}}
"""


def nginx_text(cluster: Cluster, root: Path, *, account: str = "") -> str:
    """Give a whole nginx.conf for a head whose files lie in `root`; `account` is that of its workers."""
    user = f"user {account};\n" if account else ""
    return TEMPLATE.format(
        name=cluster.name, root=root, address=cluster.address, port=cluster.port, user=user
    )
