/**
 * A certified OpenID provider as an EHR: beside oidc-provider itself, only what SMART App Launch adds to it.
 *
 * node server.mjs FOLDER CLIENT_ID CLIENT_SECRET REDIRECT_URI; writes its address when it listens.
 */
import { createServer } from "node:http";

const [, , folder, client_id, client_secret, redirect_uri] = process.argv;
const { default: Provider } = await import(
  `${folder}/node_modules/oidc-provider/lib/index.js`
);

const PATIENT = {
  resourceType: "Patient",
  id: "p-1",
  identifier: [
    {
      type: {
        coding: [
          {
            system: "http://terminology.hl7.org/CodeSystem/v2-0203",
            code: "MR",
          },
        ],
      },
      value: "P1",
    },
  ],
  name: [{ family: "Müller", given: ["Anna"] }],
  birthDate: "1970-01-02",
};

let provider;
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (!pathname.startsWith("/fhir/"))
    return provider.callback()(request, response);
  const [status, body] = await answer(
    pathname,
    request.headers.authorization ?? "",
  );
  response
    .writeHead(status, { "Content-Type": "application/json" })
    .end(JSON.stringify(body));
});

async function answer(path, authorization) {
  if (path === "/fhir/.well-known/smart-configuration") {
    return [
      200,
      {
        authorization_endpoint: `${provider.issuer}/auth`,
        token_endpoint: `${provider.issuer}/token`,
        capabilities: ["launch-ehr", "sso-openid-connect", "permission-v1"],
        scopes_supported: [
          "openid",
          "fhirUser",
          "launch",
          "patient/Patient.read",
        ],
      },
    ];
  }
  const token = await provider.AccessToken.find(
    authorization.replace("Bearer ", ""),
  );
  if (!token?.scope.split(" ").includes("patient/Patient.read"))
    return [401, {}];
  return path === "/fhir/Patient/p-1" ? [200, PATIENT] : [404, {}];
}

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, {
    clients: [
      {
        client_id,
        client_secret,
        redirect_uris: [redirect_uri],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    scopes: ["openid", "fhirUser", "launch", "patient/Patient.read"],
    claims: { openid: ["sub"], fhirUser: ["fhirUser", "name"] },
    conformIdTokenClaims: false,
    extraParams: ["launch", "aud"],
    pkce: { required: () => true },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({
        sub,
        fhirUser: "Practitioner/d-1",
        name: "Dr. Ida Stone",
      }),
    }),
  });
  provider.use(async (context, next) => {
    await next();
    if (context.path === "/token" && context.status === 200)
      context.body = { ...context.body, patient: "p-1" };
  });
  process.stdout.write(`${issuer}\n`);
});
