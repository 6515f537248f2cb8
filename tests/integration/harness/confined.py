"""Run as `python3 -c <this file> <limits as JSON> PROGRAM ARGUMENT…`: takes from itself what a unit's
seccomp settings take from a service, and becomes PROGRAM. Also imported, for its limits().

Source: systemd.exec(5); the calls are libseccomp's (seccomp_rule_add(3))."""
import ctypes
import errno
import json
import os
import re
import subprocess
import sys

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EQUAL, MASKED = 4, 7
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
SETID = (0o4000, 0o2000)


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    def __init__(self, otherwise):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.lib.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action, call, *compares):
        number = self.lib.seccomp_syscall_resolve_name(call.encode())
        if number == -1:
            return  # this library, or this machine, does not have it
        array = (Compare * max(1, len(compares)))(*compares)
        code = self.lib.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number,
                                               len(compares), array)
        assert code in (0, -errno.EEXIST), (call, code)

    def load(self):
        code = self.lib.seccomp_load(self.context)
        assert code == 0, f"seccomp_load: {code}"


def masked(arg, bits):
    return Compare(arg, MASKED, bits, bits)


def deny(limits):
    refuse = ERRNO | errno.EPERM
    made = Filter(ALLOW)
    if limits["memory"]:
        for call, arg, bits in (("mmap", 2, PROT_WRITE | PROT_EXEC), ("mprotect", 2, PROT_EXEC),
                                ("pkey_mprotect", 2, PROT_EXEC), ("shmat", 2, SHM_EXEC)):
            made.add(refuse, call, masked(arg, bits))
    if limits["namespaces"]:
        made.add(refuse, "setns")
        made.add(ERRNO | errno.ENOSYS, "clone3")
        for flag in NAMESPACES:
            made.add(refuse, "unshare", masked(0, flag))
            made.add(refuse, "clone", masked(0, flag))
    if limits["setid"]:
        for bits in SETID:
            for call, arg in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2)):
                made.add(refuse, call, masked(arg, bits))
    if limits["families"]:
        for family in range(46):
            if family not in limits["families"]:
                made.add(ERRNO | errno.EAFNOSUPPORT, "socket", Compare(0, EQUAL, family, 0))
    made.load()


def confine(limits):
    deny(limits)
    made = Filter(ERRNO | errno.EPERM)
    for call in limits["calls"]:
        made.add(ALLOW, call)
    made.load()


def sets_of_calls():
    """{"@set": its words}, as this systemd has them."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True,
                          text=True, check=True, env={**os.environ, "SYSTEMD_COLORS": "0"}).stdout
    found, name = {}, None
    for line in text.splitlines():
        word = line.strip()
        if re.fullmatch(r"@[a-z0-9-]+", line):
            name = line
            found[name] = []
        elif line.startswith(" ") and name and not word.startswith("#"):
            found[name].append(word)
    return found


def limits(unit):
    """What a parsed unit (harness/unit.py) takes away."""
    sets = sets_of_calls()

    def calls(word):
        return {call for each in sets[word] for call in calls(each)} if word.startswith("@") else {word}

    allowed = set()
    for line in unit.all("SystemCallFilter"):
        named = {call for word in line.lstrip("~").split() for call in calls(word)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return {"calls": sorted(allowed), "memory": unit.get("MemoryDenyWriteExecute") == "yes",
            "namespaces": unit.get("RestrictNamespaces") == "yes",
            "setid": unit.get("RestrictSUIDSGID") == "yes",
            "families": [FAMILIES[name] for name in unit.get("RestrictAddressFamilies").split()]}


if __name__ == "__main__":
    confine(json.loads(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
