/**
 * What the dev server (temporal 1.9.1) writes when another one took a port of its: it goes on without a listener, and
 * ends with exit code 2 and a trace behind which the reason is not seen.
 */
export const LOST_PORT = `time=2026-11-30T15:48:52.842 level=ERROR msg="Failed to start gRPC listener" error="listen tcp 127.0.0.1:46603: bind: address already in use" service=frontend address=127.0.0.1:46603
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x20 pc=0x2bb0889]

goroutine 1 [running]:
go.temporal.io/server/service/frontend.NewHTTPAPIServer(0x278bef86fb08, {0xb60b, 0x0, 0x0, {0x7ffc99c6fdc7, 0x9}, 0xa493, {0x0, 0x0, 0x0}, ...}, ...)
\t/home/runner/go/pkg/mod/go.temporal.io/server@v1.32.0/service/frontend/http_api_server.go:83 +0x89
go.temporal.io/server/service/frontend.HTTPAPIServerProvider(0x278bef2cea08, {0x585e898, 0x8}, 0x278bef86fb08, {0x0, 0x0}, {0x60a27f8, 0x278bef3e0a90}, {0x61032a0, 0x278bef81f800}, ...)
\t/home/runner/go/pkg/mod/go.temporal.io/server@v1.32.0/service/frontend/fx.go:1064 +0x2a7
reflect.Value.call({0x525e840?, 0x5fea190?, 0x30?}, {0x5856870, 0x4}, {0x278befa558c0, 0xc, 0x10?})
\t/opt/hostedtoolcache/go/1.26.8/x64/src/reflect/value.go:586 +0xf0c
reflect.Value.Call({0x525e840?, 0x5fea190?, 0x425ca5?}, {0x278befa558c0?, 0x50dbf60?, 0x278befadc901?})
\t/opt/hostedtoolcache/go/1.26.8/x64/src/reflect/value.go:369 +0xb9
go.uber.org/dig.defaultInvoker({0x525e840?, 0x5fea190?, 0x278bef6a86a8?}, {0x278befa558c0?, 0x2?, 0x60cba50?})
\t/home/runner/go/pkg/mod/go.uber.org/dig@v1.19.0/container.go:257 +0x25
go.uber.org/dig.(*constructorNode).Call(0x278bef8eac30, {0x60cba50, 0x278bef6bcdc0})
\t/home/runner/go/pkg/mod/go.uber.org/dig@v1.19.0/constructor.go:160 +0x2a7
`;
