import * as assert from "node:assert";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";

const DIGESTS = { berlin: { n1: "sha256:1", n2: "sha256:2" }, hamburg: { n1: "sha256:3" } };
const registered: Record<string, Record<string, unknown>> = {};

class Cloud implements pulumi.runtime.Mocks {
    newResource(args: pulumi.runtime.MockResourceArgs) {
        registered[args.type] = args.inputs;
        return { id: `${args.name}-id`, state: { ...args.inputs, digests: DIGESTS } };
    }
    call(args: pulumi.runtime.MockCallArgs): Record<string, unknown> {
        throw new Error(args.token);
    }
}

function value<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((resolve) => output.apply(resolve));
}

let shops: import("./shops").Shops;

before(async () => {
    await pulumi.runtime.setMocks(new Cloud(), "shops", "eu");
    const { Shops } = await import("./shops");
    shops = new Shops("eu", pulumi.secret("a secret"));
});

test("each node has an image", async () => {
    assert.strictEqual(await value(shops.images), 3);
});

test("the fleet reads the file of its region", async () => {
    await value(shops.fleet.urn);
    assert.strictEqual(registered["edgefleet:index:Fleet"].file, "stacks/eu.fleet.yaml");
});
