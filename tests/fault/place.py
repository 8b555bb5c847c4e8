"""A gateway's folder (configuration, policies, keys, issuer, databases, two licences) and the gateway as a process."""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import audit_tools

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORIGIN = "faults.chengxin.example/ledger"
# A fictitious firm; the last character is the check digit of GB 32100.
USCC_BODY = "91370502MA9AAAA00"
PATIENCE = 60.0
HEADER = ("XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_FR_ZJLX,XK_FR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,"
          "XK_YXQZI,XK_XKJG,XK_LYDW")


class Failed(Exception):
    """A promise was not kept, or the test could not see whether it was."""


def wait_until(holds, what, patience=PATIENCE, pause=0.005):
    """Asks `holds` until it gives something true, which is returned; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(pause)


def with_check_digit(body):
    """A unified social credit code with its last character (GB 32100-2015)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(char) * pow(3, at, 31) for at, char in enumerate(body))
    return body + alphabet[-total % 31]


USCC = with_check_digit(USCC_BODY)


def base64url(data):
    """Without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def http_status(address, path):
    """The status of a GET, None when nobody answers."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Place:
    """A folder in which every subcommand of the program finds what it needs."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)

    @classmethod
    def create(cls, binary, folder, registry="sqlite:registry.db", ledger="sqlite:ledger.db", **settings):
        """Makes the folder and everything in it; `settings` are those of `configure`."""
        place = cls(binary, folder)
        place.folder.mkdir(parents=True)
        shutil.copytree(ROOT / "policies", place.path("policies"))
        place._widen_limits()
        place._make_issuer()
        place.configure("chengxin.toml", registry, ledger, **settings)
        place.run("migrate", "--config", "chengxin.toml", "--create-keys")
        # The certificate number is the specimen of the standard.
        rows = [f"东营测试甲有限公司,法人及非法人组织,{USCC},张测试,身份证,11010519491231002X,"
                "准予行政许可决定书,"
                f"东测许〔2026〕{number}号,普通,道路货物运输,2026-11-16,2026-11-16,2099-12-31,"
                "市行政审批服务局,市行政审批服务局"
                for number in (1, 2)]
        place.path("licences.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        place.run("import", "--config", "chengxin.toml", "--item", "administrative-licence", "licences.csv")
        return place

    def configure(self, name, registry, ledger, high_water=None, disk=(0, 0)):
        """Writes a configuration file. `disk` is from how little room on the ledger's volume it is closed, and its ballast, in
        MiB: none of either, unless a test is about them."""
        kept = f'high_water = "{high_water}"\n' if high_water else ""
        self.path(name).write_text(
            f'listen = "127.0.0.1:0"\norigin = "{ORIGIN}"\nregistry = "{registry}"\nledger = "{ledger}"\nconnections = 4\n'
            f'policies = "policies"\nkeys = "keys.json"\n{kept}\n[disk]\nwarn_below_mib = {disk[0]}\n'
            f'close_below_mib = {disk[0]}\nballast_mib = {disk[1]}\n\n[[issuer]]\nissuer = "urn:chengxin:demo-issuer"\n'
            'audience = "urn:chengxin:demo"\nkeys = { file = "issuer/issuer-keys.json" }\nalgorithms = ["EdDSA"]\n')

    def _widen_limits(self):
        """Makes every rate so wide that no test meets it."""
        path = self.path("policies/limits.toml")
        text = re.sub(r"(?m)^(requests_per_minute|burst) = .*$", r"\1 = 1_000_000", path.read_text())
        path.write_text(re.sub(r"(?m)^(cost_per_minute|cost_burst) = .*$", r"\1 = 100_000_000", text))

    def _make_issuer(self):
        """A key pair for tokens: PKCS #8 for `chengxin token`, a key set for the gateway."""
        seed = os.urandom(32)
        public = audit_tools.public_key(seed)
        folder = self.path("issuer")
        folder.mkdir()
        body = base64.b64encode(bytes.fromhex("302e020100300506032b657004220420") + seed).decode()
        pem = folder / "issuer-key.pem"
        pem.write_text(f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
        pem.chmod(0o600)
        key = {"crv": "Ed25519", "kty": "OKP", "x": base64url(public)}
        # RFC 7638.
        thumbprint = hashlib.sha256(json.dumps(key, separators=(",", ":")).encode()).digest()
        keys = {"keys": [key | {"alg": "EdDSA", "use": "sig", "kid": base64url(thumbprint)}]}
        folder.joinpath("issuer-keys.json").write_text(json.dumps(keys))

    def path(self, name):
        """A path in the folder."""
        return self.folder / name

    def copy(self, folder):
        """The same place once more; nobody may have it open."""
        shutil.copytree(self.folder, folder)
        return Place(self.binary, folder)

    def token(self, role, *arguments, environment=None):
        """A token for an hour of the clock that `environment` sets."""
        arguments = ("token", "--folder", "issuer", "--role", role, *arguments)
        return self.run(*arguments, environment=environment).stdout.strip()

    def run(self, *arguments, environment=None, status=0):
        """Runs a subcommand to its end; `status` is what it must end with, or None for any."""
        done = subprocess.run([self.binary, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=900, env={**os.environ, "RUST_LOG": "warn", **(environment or {})})
        if status is not None and done.returncode != status:
            said = done.stdout[-2000:] + done.stderr[-2000:]
            raise Failed(f"chengxin {' '.join(arguments)}: status {done.returncode}\n{said}")
        return done

    def serve(self, **options):
        """Starts the gateway and waits until it answers."""
        return Gateway(self, **options).wait_until_listening()


class Gateway:
    """A running gateway; it ends at the end of a `with` block at the latest."""

    def __init__(self, place, config="chengxin.toml", name="gateway", environment=None):
        self.place, self.address = place, None
        self.log_path = place.path(f"{name}.log")
        self.log_from = self.log_path.stat().st_size if self.log_path.exists() else 0
        environment = {**os.environ, "RUST_LOG": "info", "NO_COLOR": "1", **(environment or {})}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([place.binary, "serve", "--config", config], cwd=place.folder, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def log(self):
        """What it has written since it started."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_from)
            return log.read().decode(errors="replace")

    def is_running(self):
        """Whether the process is there."""
        return self.process.poll() is None

    def wait_until_listening(self):
        """Waits for the line with its address."""
        def listens():
            found = re.search(r"listening.*address=([0-9.]+):([0-9]+)", self.log())
            if found is None and not self.is_running():
                raise Failed(f"the gateway did not start (status {self.process.returncode}):\n{self.log()[-3000:]}")
            return found
        try:
            found = wait_until(listens, "the gateway listens", pause=0.003)
            self.address = (found[1], int(found[2]))
            # The port is open before the workers run: whoever is answered knows that signals are handled too.
            wait_until(lambda: http_status(self.address, "/health/live") == 200, "the gateway answers", pause=0.003)
        except BaseException:
            # Also when the whole run is told to end.
            self.kill()
            raise
        return self

    def is_ready(self):
        """Whether the ledger can write."""
        return http_status(self.address, "/health/ready") == 200

    def wait_until_ready(self, patience=PATIENCE):
        """Waits until the ledger can write; how long that took."""
        began = time.monotonic()
        wait_until(lambda: self.is_running() and self.is_ready(), "the gateway is ready", patience, pause=0.02)
        return time.monotonic() - began

    def kill(self):
        """Ends it as a loss of power would: no handler runs."""
        if self.is_running():
            self.process.kill()
        return self.process.wait()

    def stop(self):
        """Asks it to stop, and waits until it has."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"the gateway has not stopped after {PATIENCE:.0f} s:\n{self.log()[-3000:]}") from late
        if status != 0:
            raise Failed(f"the gateway stopped with status {status}:\n{self.log()[-3000:]}")

    def threads(self):
        """Ids of its threads by name."""
        found = {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            found.setdefault(task.joinpath("comm").read_text().strip(), []).append(int(task.name))
        return found
