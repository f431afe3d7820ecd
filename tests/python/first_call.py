"""The first call from Python, against the real library. tests/bindings.sh builds the wheel and runs it."""

import tempfile

import ezhifa as e


class Keystore(e.PhoneKeys):
    """What an app does with a keystore, here with made-up keys."""

    def __init__(self, locked=False):
        self.locked = locked

    def database_key(self):
        return bytes([7] * 32)

    def device_public_key(self):
        if self.locked:
            raise e.PhoneError.Store(e.Why(code="locked", zh="手机已锁定", en="the phone is locked", article="",
                                           next_zh="请解锁", next_en="Unlock it."))
        return bytes([4] + [0x6B] * 64)

    def sign(self, message):
        return b""


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("no refusal")


def main():
    folder = tempfile.mkdtemp()
    phone = e.FieldOffice.open(f"{folder}/store", f"{folder}/mark", Keystore())
    assert not phone.is_enrolled()
    error = refused(e.PhoneError.NotReady, lambda: phone.open_case("解放路 1 号"))
    assert error.why.code == "not_enrolled" and str(error).startswith("本机尚未在指挥中心注册，请扫描注册票据"), error
    locked = refused(e.PhoneError.Store, lambda: e.FieldOffice.open(f"{folder}/b", f"{folder}/c", Keystore(True)))
    assert locked.why.code == "locked", "the app's own error comes back as the app threw it"
    assert e.FieldOffice.open.__doc__, "docstrings are carried over"
    print("Python: ok")


if __name__ == "__main__":
    main()
