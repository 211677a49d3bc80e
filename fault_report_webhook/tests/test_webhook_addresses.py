"""Webhooks are sent to public addresses only, in any notation."""

import ipaddress
import random
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ..tools import client

# Special networks (IANA's registries), and public ones
INSIDE_V4 = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 "
    "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 "
    "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32"
).split()
INSIDE_V6 = (
    "::/128 ::1/128 ::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:2::/48 2001:10::/28 "
    "2001:20::/28 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 "
    "ff00::/8 4000::/3 8000::/3 e000::/4"
).split()
OUTSIDE_V4 = "1.1.1.0/24 8.8.8.0/24 93.184.216.0/24 185.60.0.0/16".split()
OUTSIDE_V6 = "2606:4700::/32 2a00:1450::/32 2001:4860::/32 2400:cb00::/32".split()
PER_NETWORK = 40
# Each refers to this machine, or to no host
ODD_HOSTS = (
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "0",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "１２７.0.0.1",  # noqa: RUF001
    "127。0。0。1",
    "①27.0.0.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "[::1%lo]",
    "[2002:7f00:1::]",
    "[64:ff9b::127.0.0.1]",
    "user@127.0.0.1",
    "example.com@127.0.0.1",
    "example.com:80@127.0.0.1",
    "127.0.0.1#.example.com",
    "127.0.0.1\\.example.com",
    "example.com\\@127.0.0.1",
    "127.0.0.1%00.example.com",
    "127.0.0.1%2eexample.com",
    "a..b",
    "." * 300,
    "ü" * 300,
    "xn--",
)


def sample(networks, number=PER_NETWORK):
    """Return some addresses of each network: the first, the last, and random ones."""
    chance = random.Random(7)
    addresses = []
    for network in map(ipaddress.ip_network, networks):
        addresses += [network[0], network[-1]]
        addresses += [
            network[chance.randrange(network.num_addresses)] for _ in range(number)
        ]
    return addresses


def in_ipv6(address):
    """Return the IPv6 addresses that embed an IPv4 address."""
    number = int(address)
    return [
        str(ipaddress.IPv6Address(start << shift | number << low))
        for start, shift, low in (
            (0xFFFF, 32, 0),
            (0x64FF9B, 96, 0),
            (0x2002, 112, 80),
        )
    ] + [f"::ffff:{address}"]


@tagged("post_install", "-at_install")
class TestWebhookAddresses(BaseCase):
    def test_no_address_inside_is_public_in_any_of_its_forms(self):
        plain = sample(INSIDE_V4)
        addresses = [*map(str, plain), *map(str, sample(INSIDE_V6))]
        for address in plain:
            addresses += in_ipv6(address)
        addresses += [f"{address}%eth0" for address in sample(["fe80::/10"])]
        wrong = [a for a in addresses if client.is_public(a)]
        self.assertFalse(wrong)
        self.assertGreater(len(addresses), 3000)

    def test_addresses_outside_are_public_in_all_of_their_forms(self):
        plain = sample(OUTSIDE_V4)
        addresses = [*map(str, plain), *map(str, sample(OUTSIDE_V6))]
        for address in plain:
            addresses += in_ipv6(address)
        wrong = [a for a in addresses if not client.is_public(a)]
        self.assertFalse(wrong)

    def test_no_spelling_of_this_machine_is_connected_to(self):
        for host in ODD_HOSTS:
            for port in ("", ":8069"):
                url = f"https://{host}{port}/hook"
                with (
                    self.subTest(url),
                    patch.object(client, "_get_pool") as pool,
                    self.assertRaises(client.WebhookError),
                ):
                    client.post(url, "{}", {})
                pool.assert_not_called()

    def test_a_host_has_the_characters_of_one(self):
        for character in "%\\|^`{}<>\"'*,;!$&()+=~":
            with self.subTest(character):
                url = f"https://exam{character}ple.com/"
                self.assertEqual(client.find_problem(url), "form")

    def test_one_address_inside_among_many_is_enough_to_refuse(self):
        for inside in sample(INSIDE_V4, 2) + sample(INSIDE_V6, 2):
            found = [
                (None, None, None, "", (str(address), 443))
                for address in (*sample(OUTSIDE_V4, 1), inside)
            ]
            with (
                self.subTest(inside),
                patch.object(
                    client.socket, "getaddrinfo", return_value=found
                ) as look_up,
                patch.object(client, "_get_pool") as pool,
                self.assertRaisesRegex(client.WebhookError, "inside"),
            ):
                client.post("https://rebind.example/", "{}", {})
            pool.assert_not_called()
            look_up.assert_called_once()

    def test_a_name_in_another_script_is_looked_up_in_ascii(self):
        with patch.object(client.socket, "getaddrinfo", return_value=[]) as up:
            with self.assertRaises(client.WebhookError):
                client.post("https://bücher.example/", "{}", {})
        self.assertEqual(up.call_args.args[0], "xn--bcher-kva.example")

    def test_a_look_up_that_hangs_is_left_behind(self):
        with (
            patch.object(client, "TIMEOUT", 0.1),
            patch.object(client.threading.Thread, "start"),
            patch.object(client.threading.Thread, "join") as join,
            self.assertRaisesRegex(client.WebhookError, "not known"),
        ):
            client.post("https://slow-names.example/", "{}", {})
        join.assert_called_once_with(0.1)
