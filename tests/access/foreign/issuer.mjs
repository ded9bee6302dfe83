// A real issuer of OpenID Connect for a test: `oidc-provider`, with one client that gets tokens for itself.
// Prints its port on the first line. NODE_PATH-like: PROVIDER is the path of the package.
import { createServer } from "node:http";

const { Provider } = await import(process.env.PROVIDER);
const AUDIENCE = "https://ledger.example";

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "billing",
      client_secret: "a secret of the issuer's, not of the ledger's",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: "",
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
        jwt: { sign: { alg: "RS256" } },
      }),
      defaultResource: () => AUDIENCE,
      useGrantedResource: () => true,
    },
  },
});
server.on("request", provider.callback());
console.log(issuer);
