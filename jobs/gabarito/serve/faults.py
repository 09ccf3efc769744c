"""Answers to requests that no endpoint takes, in the protocol's shape."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gabarito.serve.protocol import RefusedError


async def no_such_path(request: Request, _error: Exception) -> Response:
    """Answer 404."""
    message = f"{request.method} {request.url.path} is not served; see /v1/models"
    refusal = RefusedError(404, message, "not_found")
    return JSONResponse(refusal.body(), refusal.status)


async def no_such_method(request: Request, error: Exception) -> Response:
    """Answer 405."""
    message = f"{request.url.path} is not asked with {request.method}; see the Allow header"
    refusal = RefusedError(405, message, "method_not_allowed")
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse(refusal.body(), refusal.status, headers)


async def our_fault(_request: Request, _error: Exception) -> Response:
    """Answer what nobody foresaw in the protocol's shape; the server logs the traceback."""
    refusal = RefusedError(500, "a bug of this endpoint; its log says more", "internal_error")
    return JSONResponse(refusal.body(), refusal.status)
