"""Names its routes in a way that no page may take for markup."""


def app(environ, start_response):
    environ["baton.route"] = '<b>"named"&' + environ["PATH_INFO"][1:]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
