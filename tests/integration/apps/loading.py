"""What a module can offer in place of an application."""

not_callable = 42


class Package:
    @staticmethod
    def nested(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"nested"]


def make():
    return Package.nested


def make_nothing():
    return None
