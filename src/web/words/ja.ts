import type { Words } from './en.ts';

const LISTS = { access: 'アクセスランキング', popular: '人気記事', rising: '急上昇' };

export const JA: Words = {
  untitled: '無題',
  skip: '本文へ',
  searchArticles: '記事を検索',
  search: '検索',
  sections: '分野',
  section: '分野',
  top: 'トップ',
  ranking: 'ランキング',
  promise: '閲覧数はクッキーを使わず、誰が読んだかを知ることなく数えています。',
  api: 'API（英語）',
  pages: 'ページ',
  newest: '最新へ',
  older: '過去の記事',

  latest: '新着',
  frontAbout: (site) => `${site}の新着記事と、いま読まれている記事。`,
  categoryAbout: (name) => `「${name}」の新着記事と、いま読まれている記事。`,
  emptySection: 'この分野の記事はまだありません。',
  welcome: '輪転機は準備完了、記事はこれからです',
  welcomeAbout: 'まだ記事がありません。最初のフィードを読み込むと、数秒でここに並びます。',
  addFeed: 'フィードを追加する',
  addMany: 'まとめて追加する',
  addManyFile: '一覧は',
  addManyAbout: 'に書いて再起動するか（フォルダーが分野になります）、ファイルを読み込みます。',
  tryDemo: 'まず架空のニュースで試す',

  copyOf: '次の記事の転載です：',
  by: (author) => `文：${author}`,
  updated: '更新',
  picture: '画像：',
  readOriginal: '元の記事を読む',
  atHost: (host) => `（${host}）`,
  updates: (count) => `更新履歴：${count}件`,
  until: '差し替え：',
  changed: (parts) => `（変更：${parts.join('・')}）`,
  parts: { title: '見出し', summary: '概要', content: '本文', image: '画像', url: 'リンク' },
  foundIn: '掲載元',
  sameText: '同じ文章の記事',
  related: '関連記事',

  listTitle: (kind, site, category) => (category === null ? `${site} ${LISTS[kind]}` : `「${category}」${LISTS[kind]}`),
  windows: { '1h': '1時間', '24h': '24時間', '7d': '週間', '30d': '月間' },
  now: 'いま',
  rising: '急上昇',
  period: '期間',
  theList: '一覧',
  wholeList: '一覧をすべて見る',
  emptyList: 'まだ閲覧がありません。記事を開くとすぐに数えられ、数秒で順位に反映されます。',
  emptyBox: 'まだ閲覧がありません。',
  reads: (count) => `${count.toLocaleString('ja-JP')}回`,
  bestRank: (rank) => `最高${rank}位`,
  listedSince: '初登場',
  fills: { site: 'サイト全体から', '24h': '直近24時間', '7d': '直近1週間', '30d': '直近1か月' },
  pinned: '編集部のおすすめ',
  newSymbol: '新',
  newArticle: '新しい記事',
  rankingAbout: 'よく読まれている記事。',
  allOf: (site) => `${site}全体`,
  show: '表示',
  history: '過去のランキング',
  finished: '確定',
  periods: { hour: '時間', day: '日', week: '週', month: '月' },
  dayIn: '含む日',
  before: '前へ',
  after: '次へ',
  current: '現在のランキング',
  noHistory: 'この期間のランキングはありません。期間の終わりから5分後に作られます（閲覧があった場合）。',
  embedTitle: 'このランキングを自分のサイトに載せる',
  embedScript: 'スクリプトで載せる（自動で更新されます）：',
  embedFrame: 'スクリプトなしのページには、フレームで：',

  timeOfList: 'ランキングの日時',

  wordsToFind: '検索する言葉',
  searchHelp: [
    ['', 'すべての言葉を含む記事を探します。'],
    ['"語句"', 'は続いた言葉のまま、'],
    ['-除外', 'は含まない記事、'],
    ['春 OR 秋', 'はどちらかを含む記事、'],
    ['elect*', 'は語尾を問わず探します。'],
  ],
  filters: '絞り込み',
  all: 'すべて',
  language: '言語',
  from: '開始日',
  to: '終了日',
  order: '並び順',
  newestFirst: '新しい順',
  bestFirst: '一致度順',
  onlyFrom: '次の掲載元のみ：',
  withoutFilters: '絞り込みを解除',
  nothingFound: (words) =>
    words === '' ? '記事は見つかりませんでした。' : `「${words}」の記事は見つかりませんでした。`,
  tooFiltered: '絞り込みの条件が厳しすぎるのかもしれません。',
  tooSpecific: '言葉を減らすか、語の先頭に星印を付けると（elect*）見つかることがあります。',
  searchFor: (words) => `検索：${words}`,
  bestMatches: '一致度の高い記事へ',
  moreArticles: '次の記事',

  errors: {
    missing: {
      title: 'ページが見つかりません',
      text: 'このアドレスにページはありません。保存期間の過ぎた記事かもしれません。',
    },
    limited: {
      title: '検索が多すぎます',
      text: 'お使いのアドレスからの検索が集中しています。数秒待ってからもう一度お試しください。',
    },
    failed: {
      title: 'エラーが発生しました',
      text: 'ページを表示できませんでした。データは失われていません。少し待ってからもう一度お試しください。',
    },
  },
  toFront: 'トップページへ',

  movement(movement, previousRank) {
    switch (movement) {
      case 'up':
        return previousRank === null ? '上昇' : `${previousRank}位から上昇`;
      case 'down':
        return previousRank === null ? '下降' : `${previousRank}位から下降`;
      case 'same':
        return '変わらず';
      case 'new':
        return '初登場';
      default:
        return movement satisfies never;
    }
  },
};
